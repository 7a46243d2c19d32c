/** What is pending on a line of time: a binary heap, the earliest at its root; of one time, in the order asked for. */

export interface Entry {
  readonly dueMs: number;
  readonly order: number;
  /** Nothing once it was taken or cancelled. */
  call: (() => void) | undefined;
}

/** Takes out the earliest that was not cancelled, if there is one. */
export function takeNext(heap: Entry[]): { dueMs: number; call: () => void } | undefined {
  for (let first = pop(heap); first !== undefined; first = pop(heap)) {
    const { dueMs, call } = first;
    first.call = undefined;
    if (call !== undefined) return { dueMs, call };
  }
  return undefined;
}

export function cancel(entry: Entry): void {
  entry.call = undefined;
}

const isBefore = (a: Entry, b: Entry) => a.dueMs < b.dueMs || (a.dueMs === b.dueMs && a.order < b.order);

export function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  for (let parent = (at - 1) >> 1; at > 0 && isBefore(entry, heap[parent]!); parent = (at - 1) >> 1) {
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (first === undefined || last === undefined || heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
