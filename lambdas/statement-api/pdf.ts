/**
 * A statement as PDF: the same bytes whenever it is asked for, since nothing but the statement goes into them; its dates are the statement's
 * day, and the ids in the file are counted. The fonts are Helvetica's, which every reader has, so a file is a few kilobytes and shows
 * Western European letters: any other character of a name is written as its code, visibly, and the page says so.
 */
import { PDFDocument, type PDFFont, type PDFPage, rgb, StandardFonts } from '@cantoo/pdf-lib';
import type { FullStatement } from '../../lib/api/account.ts';

const [PAGE_WIDTH, PAGE_HEIGHT] = [595.28, 841.89];
const MARGIN = 56;
const WIDTH = PAGE_WIDTH - 2 * MARGIN;
const [TEXT, SMALL, HEADING, TITLE] = [9.5, 8, 11, 18];
const LEADING = 15;
/** What is kept free for the page's number. */
const FOOT = MARGIN + 2 * LEADING;
const [BLACK, GREY, LINE] = [rgb(0.1, 0.1, 0.12), rgb(0.42, 0.44, 0.48), rgb(0.8, 0.82, 0.85)];

/** The bytes of a statement's file. */
export async function statementPdf(statement: FullStatement): Promise<Uint8Array> {
  const pages = await Pages.open(statement);
  writeHead(pages, statement);
  writeCash(pages, statement);
  writeContracts(pages, statement);
  writeMargin(pages, statement);
  writeNotes(pages, statement);
  return pages.close();
}

function writeHead(pages: Pages, { account, name, owner, product, date, after, through }: FullStatement): void {
  pages.text('Compute Exchange', { size: SMALL, color: GREY });
  pages.down(LEADING + 4);
  pages.text('Daily statement', { size: TITLE, bold: true });
  pages.down(LEADING * 1.6);
  pages.field('Account', account);
  pages.field('Name', name);
  pages.field('Owner', owner);
  pages.field('Product', product);
  pages.field('Day', date);
  pages.field('Events', `${after + 1} to ${through}`);
}

function writeCash(pages: Pages, statement: FullStatement): void {
  const { opening, deposits, withdrawals, variation, elsewhere, balance } = statement;
  pages.heading('Cash, USD');
  pages.amount('Opening balance', opening);
  pages.amount('Deposits', deposits);
  pages.amount('Withdrawals', withdrawals);
  pages.amount(`Variation margin in ${statement.product}`, variation);
  if (elsewhere !== '0.00') pages.amount('Variation margin in other products', elsewhere);
  pages.amount('Closing balance', balance, { bold: true });
}

const COLUMNS = [
  { title: 'Contract', at: 0 },
  { title: 'Lots at opening', at: 0.45 },
  { title: 'Lots at close', at: 0.6 },
  { title: 'Price', at: 0.78 },
  { title: 'Variation', at: 1 },
] as const;

function writeContracts(pages: Pages, { contracts, rolledLots, rollCost }: FullStatement): void {
  pages.heading('Contracts');
  const titles = (): void => {
    pages.row(
      COLUMNS.map(({ title, at }) => ({ text: title, at })),
      { size: SMALL, color: GREY },
    );
    pages.rule();
  };
  titles();
  for (const { contract, openingLots, lots, price, variation } of contracts) {
    if (!pages.fits(LEADING)) {
      pages.next();
      titles();
    }
    const cells = [contract, grouped(`${openingLots}`), grouped(`${lots}`), price, grouped(variation)];
    pages.row(cells.map((text, column) => ({ text, at: COLUMNS[column]!.at })));
  }
  if (contracts.length === 0) pages.row([{ text: 'No contract was held or traded.', at: 0 }], { color: GREY });
  if (rolledLots === 0) return;
  pages.amount('Lots rolled (longs positive)', `${rolledLots}`);
  pages.amount('Roll cost: far price less near price, not a payment', rollCost);
}

function writeMargin(pages: Pages, { requirement, cover, excess }: FullStatement): void {
  pages.heading('Margin, USD');
  pages.amount('Requirement of the positions at close', requirement);
  pages.amount('Cover: cash and credit', cover);
  pages.amount(excess.startsWith('-') ? 'Short of' : 'Excess', excess, { bold: true });
}

function writeNotes(pages: Pages, { name }: FullStatement): void {
  pages.down(LEADING);
  const notes = [
    'Price is the settlement price of the day, or what an expired contract settled at. Positions stand at it: variation margin is what trades, settlement and expiry have paid (received positive).',
    ...(pages.shows(name)
      ? []
      : [
          'Characters that these fonts lack are written as their codes, [U+...]. As it is, the name stands in the JSON form of this statement.',
        ]),
  ];
  for (const note of notes) pages.paragraph(note, { size: SMALL, color: GREY });
}

/** Digits in groups of three. */
export const grouped = (number: string): string => number.replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, ',');

interface Look {
  readonly size?: number;
  readonly bold?: boolean;
  readonly color?: typeof BLACK;
}

/** Text down the pages: each call writes at the present height and goes below it, onto a next page where there is no place left. */
class Pages {
  readonly #file: PDFDocument;
  readonly #plain: PDFFont;
  readonly #bold: PDFFont;
  readonly #letters: ReadonlySet<number>;
  #page: PDFPage;
  #y = 0;

  private constructor(file: PDFDocument, plain: PDFFont, bold: PDFFont) {
    this.#file = file;
    this.#plain = plain;
    this.#bold = bold;
    this.#letters = new Set(plain.getCharacterSet().filter(isVisible));
    this.#page = this.next();
  }

  static async open({ account, product, date }: FullStatement): Promise<Pages> {
    const file = await PDFDocument.create({ updateMetadata: false });
    const day = new Date(`${date}T00:00:00Z`);
    file.setTitle(`Statement of ${account}, ${product}, ${date}`, { showInWindowTitleBar: true });
    file.setLanguage('en');
    file.setProducer('compute-exchange');
    file.setCreationDate(day);
    file.setModificationDate(day);
    const [plain, bold] = [await file.embedFont(StandardFonts.Helvetica), await file.embedFont(StandardFonts.HelveticaBold)];
    return new Pages(file, plain, bold);
  }

  close(): Promise<Uint8Array> {
    const pages = this.#file.getPages();
    for (const [index, page] of pages.entries()) {
      const number = `Page ${index + 1} of ${pages.length}`;
      const x = PAGE_WIDTH - MARGIN - this.#plain.widthOfTextAtSize(number, SMALL);
      page.drawText(number, { x, y: MARGIN, size: SMALL, font: this.#plain, color: GREY });
    }
    return this.#file.save();
  }

  next(): PDFPage {
    this.#page = this.#file.addPage([PAGE_WIDTH, PAGE_HEIGHT]);
    this.#y = PAGE_HEIGHT - MARGIN;
    return this.#page;
  }

  down(by: number): void {
    this.#y -= by;
  }

  fits(height: number): boolean {
    return this.#y - height >= FOOT;
  }

  /** Whether the fonts have every character. */
  shows(text: string): boolean {
    return [...text].every((letter) => this.#letters.has(letter.codePointAt(0)!));
  }

  /** At the present height, left of `end` unless that is at the left edge: shares of the width. */
  text(text: string, { size = TEXT, bold = false, color = BLACK }: Look = {}, end = 0): void {
    const font = bold ? this.#bold : this.#plain;
    const shown = this.#safe(text);
    const x = end === 0 ? MARGIN : MARGIN + end * WIDTH - font.widthOfTextAtSize(shown, size);
    this.#page.drawText(shown, { x, y: this.#y, size, font, color });
  }

  field(label: string, value: string): void {
    const indent = 80;
    for (const [index, line] of this.#lines(value, TEXT, WIDTH - indent).entries()) {
      if (!this.fits(LEADING)) this.next();
      if (index === 0) this.text(label, { color: GREY });
      this.#page.drawText(line, { x: MARGIN + indent, y: this.#y, size: TEXT, font: this.#plain, color: BLACK });
      this.down(LEADING);
    }
  }

  heading(text: string): void {
    if (!this.fits(5 * LEADING)) this.next();
    this.down(LEADING);
    this.text(text, { size: HEADING, bold: true });
    this.down(6);
    this.rule();
  }

  rule(): void {
    this.#page.drawLine({
      start: { x: MARGIN, y: this.#y },
      end: { x: MARGIN + WIDTH, y: this.#y },
      thickness: 0.6,
      color: LINE,
    });
    this.down(LEADING);
  }

  amount(label: string, amount: string, look: Look = {}): void {
    this.row(
      [
        { text: label, at: 0 },
        { text: grouped(amount), at: 1 },
      ],
      look,
    );
  }

  row(cells: readonly { readonly text: string; readonly at: number }[], look: Look = {}): void {
    if (!this.fits(LEADING)) this.next();
    for (const { text, at } of cells) this.text(text, look, at);
    this.down(look.size === SMALL ? 6 : LEADING);
  }

  paragraph(text: string, look: Look): void {
    const size = look.size ?? TEXT;
    for (const line of this.#lines(text, size, WIDTH)) {
      if (!this.fits(LEADING)) this.next();
      this.text(line, look);
      this.down(size * 1.4);
    }
    this.down(size * 0.6);
  }

  /** What the fonts lack, and what would not be seen, as its code. */
  #safe(text: string): string {
    return [...text]
      .map((letter) => {
        const code = letter.codePointAt(0)!;
        return this.#letters.has(code) ? letter : `[U+${code.toString(16).toUpperCase().padStart(4, '0')}]`;
      })
      .join('');
  }

  /** Lines of at most a width, broken at spaces where there are any. */
  #lines(text: string, size: number, width: number): string[] {
    const lines: string[] = [];
    let line = '';
    const isTooWide = (tried: string): boolean => this.#plain.widthOfTextAtSize(tried, size) > width;
    for (const word of this.#safe(text).split(/(?<= )/)) {
      if (line !== '' && isTooWide(line + word.trimEnd())) {
        lines.push(line.trimEnd());
        line = '';
      }
      for (const letter of word) {
        if (isTooWide(line + letter)) {
          lines.push(line);
          line = '';
        }
        line += letter;
      }
    }
    return [...lines, line.trimEnd()];
  }
}

/** A space is the one character that may show as nothing. */
const isVisible = (code: number): boolean => code === 0x20 || (code > 0x20 && code < 0x7f) || (code > 0xa0 && code !== 0xad);
