/**
 * The grammar of DynamoDB's expressions, as far as the store writes them: conditions and updates as trees. What is not
 * understood here is an error of the caller's test, never a guess.
 *
 * Source: Amazon DynamoDB developer guide, "Condition and filter expressions", "Update expressions", and "Comparison operator
 * and function reference".
 */

export type Path = readonly string[];
export type Operand = { readonly path: Path } | { readonly value: string } | { readonly ifNotExists: Path; readonly or: Operand };
export type Condition =
  | { readonly op: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly op: 'not'; readonly of: Condition }
  | { readonly op: 'exists'; readonly path: Path; readonly is: boolean }
  | { readonly op: 'begins'; readonly path: Path; readonly with: Operand }
  | { readonly op: 'between'; readonly of: Operand; readonly from: Operand; readonly to: Operand }
  | { readonly op: 'compare'; readonly sign: string; readonly left: Operand; readonly right: Operand };
export interface Update {
  readonly set: readonly { readonly path: Path; readonly to: Operand }[];
  /** Whole attributes: engines disagree on what is not there inside of one. */
  readonly remove: readonly string[];
  readonly add: readonly { readonly path: Path; readonly value: string }[];
}

const conditions = new Map<string, Condition>();
const updates = new Map<string, Update>();

/** Each text is read once a process: the store writes few of them. */
export const parseCondition = (expression: string): Condition => readOnce(conditions, expression, (parser) => parser.condition());
export const parseUpdate = (expression: string): Update => readOnce(updates, expression, (parser) => parser.update());

function readOnce<Tree>(known: Map<string, Tree>, expression: string, read: (parser: Parser) => Tree): Tree {
  const tree = known.get(expression) ?? read(new Parser(expression));
  known.set(expression, tree);
  return tree;
}

class Parser {
  readonly #expression: string;
  readonly #tokens: string[];
  #at = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = expression.match(/[#:]?[A-Za-z_][A-Za-z0-9_]*|[:#]\d\w*|<>|<=|>=|[=<>(),.+-]|\S/g) ?? [];
  }

  condition(): Condition {
    const condition = this.#or();
    if (this.#at < this.#tokens.length) this.#unknown();
    return condition;
  }

  update(): Update {
    const set: { path: Path; to: Operand }[] = [];
    const removed: string[] = [];
    const add: { path: Path; value: string }[] = [];
    const clauses = new Set<string>();
    while (this.#at < this.#tokens.length) {
      const clause = this.#next();
      if (clauses.has(clause)) this.#unknown();
      clauses.add(clause);
      do {
        const path = this.#path();
        if (clause === 'SET') {
          this.#expect('=');
          set.push({ path, to: this.#operand() });
        } else if (clause === 'REMOVE' && path.length === 1) removed.push(path[0]!);
        else if (clause === 'ADD') add.push({ path, value: this.#next() });
        else this.#unknown();
      } while (this.#accept(','));
    }
    return { set, remove: removed, add };
  }

  #or(): Condition {
    let left = this.#and();
    while (this.#accept('OR')) left = { op: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Condition {
    let left = this.#not();
    while (this.#accept('AND')) left = { op: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Condition {
    if (this.#accept('NOT')) return { op: 'not', of: this.#not() };
    if (this.#accept('(')) {
      const inner = this.#or();
      this.#expect(')');
      return inner;
    }
    const name = this.#tokens[this.#at];
    if (this.#tokens[this.#at + 1] === '(' && name !== 'if_not_exists') return this.#call(this.#next());
    const left = this.#operand();
    const sign = this.#next();
    if (sign === 'BETWEEN') {
      const from = this.#operand();
      this.#expect('AND');
      return { op: 'between', of: left, from, to: this.#operand() };
    }
    if (!['=', '<>', '<', '<=', '>', '>='].includes(sign)) this.#unknown();
    return { op: 'compare', sign, left, right: this.#operand() };
  }

  #call(name: string): Condition {
    this.#expect('(');
    const path = this.#path();
    let condition: Condition;
    if (name === 'attribute_exists' || name === 'attribute_not_exists')
      condition = { op: 'exists', path, is: name === 'attribute_exists' };
    else if (name === 'begins_with') {
      this.#expect(',');
      condition = { op: 'begins', path, with: this.#operand() };
    } else return this.#unknown();
    this.#expect(')');
    return condition;
  }

  #operand(): Operand {
    const token = this.#tokens[this.#at];
    if (token === 'if_not_exists') {
      this.#next();
      this.#expect('(');
      const ifNotExists = this.#path();
      this.#expect(',');
      const or = this.#operand();
      this.#expect(')');
      return { ifNotExists, or };
    }
    return token?.startsWith(':') ? { value: this.#next() } : { path: this.#path() };
  }

  #path(): Path {
    const path = [this.#next()];
    while (this.#accept('.')) path.push(this.#next());
    if (!path.every((part) => /^#?[A-Za-z0-9_]+$/.test(part))) this.#unknown();
    return path;
  }

  #next(): string {
    const token = this.#tokens[this.#at++];
    if (token === undefined) this.#unknown();
    return token!;
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) this.#unknown();
  }

  #unknown(): never {
    throw new Error(`The virtual table does not understand ${JSON.stringify(this.#expression)} at part ${this.#at}`);
  }
}
