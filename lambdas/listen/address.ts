/** A listener without an account goes by its address: IPv4 whole, of IPv6 the half that names a network, for its holder has all of it. */
export function addressOf(sourceIp: string): string {
  const plain = sourceIp.toLowerCase().replace(/^::ffff:(?=\d+\.)/, '');
  if (!plain.includes(':')) return `@${plain.replaceAll('.', '-')}`;
  const [before = '', after] = plain.split('::');
  const groups = before === '' ? [] : before.split(':');
  const behind = after === undefined || after === '' ? [] : after.split(':');
  const zeros = after === undefined ? [] : Array.from({ length: Math.max(0, 8 - groups.length - behind.length) }, () => '0');
  return `@${[...groups, ...zeros, ...behind]
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join('-')}`;
}
