export interface ShownStatement {
  account: string;
  name: string;
  owner: string;
  product: string;
  date: string;
  after: number;
  through: number;
  opening: string;
  deposits: string;
  withdrawals: string;
  variation: string;
  elsewhere: string;
  balance: string;
  rolledLots: number;
  rollCost: string;
  contracts: readonly { contract: string; openingLots: number; lots: number; price: string; variation: string }[];
  requirement: string;
  cover: string;
  excess: string;
}
