/** A row that is not what it should be. */
export interface Finding {
  /** Partition and sort key. */
  readonly row: string;
  /** What is wrong with it, as what follows its name in a sentence. */
  readonly what: string;
}
