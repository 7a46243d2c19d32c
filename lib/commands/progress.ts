/** What a command says while it works: lines that stay, and one line on a terminal that goes away again. */
export type Print = (text: string) => void;

/** To standard output; to standard error when that is kept for a program. */
export const printer =
  (json: boolean): Print =>
  (text) =>
    void (json ? process.stderr : process.stdout).write(`${text}\n`);

/** The line that goes away; nothing where there is no terminal. */
export class Status {
  readonly #shown: boolean;

  constructor(quiet: boolean) {
    this.#shown = process.stderr.isTTY === true && !quiet;
  }

  show(text: string): void {
    if (this.#shown) process.stderr.write(`\r\x1b[2K${text} ...`);
  }

  clear(): void {
    if (this.#shown) process.stderr.write('\r\x1b[2K');
  }
}
