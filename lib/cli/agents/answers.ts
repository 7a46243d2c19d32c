/** How tools answer: JSON as text and as structure; a failure as an error that the agent can read, never as a broken connection. */
import type { CallToolResult } from '@modelcontextprotocol/server';
import { Failure, failureDocument } from '../terminal/failure.ts';

export const answered = (value: object): CallToolResult => ({
  content: [{ type: 'text', text: JSON.stringify(value) }],
  structuredContent: { ...value },
});

/** The answer of a tool's work, whatever it ends with. */
export async function asAnswer(work: () => Promise<object>): Promise<CallToolResult> {
  try {
    return answered(await work());
  } catch (error) {
    const failure =
      error instanceof Failure ? error : new Failure('fault', error instanceof Error ? error.message : String(error));
    return { ...answered(failureDocument(failure)), isError: true };
  }
}
