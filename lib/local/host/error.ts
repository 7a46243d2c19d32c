/** What stops the local cloud, said so that its reader knows what to do next: the fact first, then a way out. */
export class LocalCloudError extends Error {
  readonly hint: string;

  constructor(message: string, hint: string, options?: ErrorOptions) {
    super(`${message}\n  ${hint}`, options);
    this.name = 'LocalCloudError';
    this.hint = hint;
  }
}
