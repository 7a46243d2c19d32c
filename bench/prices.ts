/** List prices of us-east-1 on demand, in USD. */
export const PRICES = {
  httpRequest: 1.0e-6,
  fifoRequest: 0.5e-6,
  standardRequest: 0.4e-6,
  writeUnit: 0.625e-6,
  readUnit: 0.125e-6,
  /** In either direction, by 32 KB. */
  webSocketMessage: 1.0e-6,
  connectionMinute: 0.25e-6,
  lambdaGbSecond: 0.0000133334,
  lambdaRequest: 0.2e-6,
} as const;
