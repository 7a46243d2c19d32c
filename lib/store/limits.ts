/** The sizes that what is stored keeps to, however large a book is. */

/** Bytes of a chunk of a stored run at most; on average it has a quarter of that. An item may have 400 KB. */
export const CHUNK_BYTES = 32 * 1024;
