/** What verbs that show a list have in common. */
import { flag, text, whole } from '../terminal/options.ts';

export const PRODUCT = text('--product <code>', 'the product; may be left out where the venue lists one');

/** How much of a list is shown. */
export const HOW_MANY = {
  limit: whole('--limit <n>', 'items at most', { least: 1 }, 50),
  all: flag('--all', 'the whole list'),
};

export const mostOf = ({ limit, all }: { readonly limit: number; readonly all: boolean }): { most?: number } =>
  all ? {} : { most: limit };

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next?: string | undefined;
}

const PAGE_MAX = 500;

/** The pages of a list, as far as they are wanted. */
export async function* pagesOf<Item>(
  read: (query: { limit: string; cursor?: string }) => Promise<Page<Item>>,
  most = Infinity,
): AsyncGenerator<readonly Item[]> {
  let cursor: string | undefined;
  do {
    const page: Page<Item> = await read({ limit: String(Math.min(most, PAGE_MAX)), ...(cursor === undefined ? {} : { cursor }) });
    yield page.items;
    cursor = page.next;
  } while (cursor !== undefined);
}
