/** What holds for every route: the introduction of the reference, in Markdown. */
export const ABOUT = `JSON in, JSON out. Every route is declared once, in \`lib/api\`; this page and the OpenAPI document (\`GET /openapi.json\`) are made of the declarations.

### Tokens

Every route but those of the market needs \`authorization: Bearer <token>\`. The gateway verifies it and answers 401 itself when it is
missing, forged, expired or for another audience. The account whose data a participant sees comes from the token's account
claim (\`custom:account\` in the stack's own user pool), never from the request: text, an account's name. Which claims and which groups is
configuration. The token must be the **ID token**: one that says otherwise in \`token_use\`, or in the stack's own user pool does not say it, is
\`token-refused\`, and so is a request with more than one token. Refusals with 403 are in the access log.

### Roles

On the operator's side the groups of a token say what its bearer may do: \`viewers\` read everything there and change nothing; \`operators\` also act and propose;
\`approvers\` also approve or decline what is held. One person may be in several groups, and still counts as one: what takes two takes two subjects. Each route says which roles
it is for. A token in none of the groups is \`not-an-operator\`, one of another role \`role-needed\`. The groups stand in the claim \`cognito:groups\`: a list of texts with
the group in it, or the group alone as text, and nothing that only looks like a list, such as \`"[cooling operators]"\`.

### Numbers

Prices, price differences and amounts of money are decimal *text* (\`"2.350"\`, \`"-0.010"\`, \`"250000.00"\`).
A value off the product's grid is refused, never rounded. Answers always write all decimals. Lots, versions, revisions
and auction numbers are JSON integers.

### Bodies

JSON of at most 256 KB that has exactly one meaning (I-JSON, RFC 7493). Refused as \`malformed-json\`: a
field given twice, a field named \`__proto__\`, \`NaN\`, a number that a double can't hold as written (\`1e400\`, more than 15
significant digits), half of a surrogate pair, bytes that are not UTF-8. A field that is not documented here is refused.
What is longer than about 6 MB (less if it is not text) does not get as far as the venue: the gateway answers \`413\` itself.
An answer may come to have more fields than are documented: ignore what you do not know.

### Queries

A parameter that the route does not have is refused, on every route and with every method, and so is one given twice.
A header that is sent twice counts as one with a comma in it.

### Lists

\`{"items": [...], "next": "..."}\`. \`?limit=\` is 1 to 500, 100 when not given. \`next\` is there only when there is more; pass it on as
\`?cursor=\`. What stands in it is the list's own affair, and it does not expire. A page can be shorter than its limit and still have a \`next\`.

### Repeats

Every write may be sent again as it is: it answers what the first one answered (200 where the first was
201), and says 409 or 422 when the repeat is not the same. A 503 says nothing about what was done; send it again.

### Time

When the gateway received the request is in the header \`venue-time\` of every answer of the venue
(\`2025-10-20T14:00:00.000Z\`), refusals too: compare it with your clock, or make keys from it. Instants are ISO 8601 in UTC; dates are
business dates in the product's time zone.

### Rate

A caller may send so many requests in a minute, of all kinds together, as \`ratelimit-policy\` says: \`"caller";q=1200;w=60\` unless the deployment has
another number, and an operator five times as many. An account is a caller, and so is the address of a request without a token. \`ratelimit\` says how many are left
and in how many seconds the minute is over (draft-ietf-httpapi-ratelimit-headers); with several processes at work it is right within a sixtieth. A minute is one of the
clock, by \`venue-time\`. Beyond the limit the answer is \`too-many-requests\`, with \`retry-after\`. What is refused counts as well. The gateway has a
limit of its own for all callers together, and answers \`429\` itself.

### Caching

Every answer to a \`GET\` has a strong \`etag\`. Send it as \`if-none-match\`, and \`304\` says that it is still so. What can never change, such as
a cleared auction or a closed day, is \`immutable\` in \`cache-control\`: there is no need to ask again. With \`accept-encoding: gzip\` what is longer than
a kilobyte is compressed.

### Requests

Every answer has a \`request-id\`. It is in the venue's log: name it when you ask the operator about a request.

What the gateway answers itself (\`401\`, \`404\` to a path that is no route, \`413\` and \`429\` as above) has a body \`{"message": "..."}\` and
none of these headers.`;

/** The headings of the reference, in its order. */
export const TAGS = [
  { name: 'The reference', description: 'This API, described.' },
  { name: 'The market', description: 'Products, contracts, auctions, prices: public, without a token.' },
  { name: 'Orders', description: 'Submitting orders, and what becomes of them.' },
  { name: 'Kill switches', description: 'Orders out and none in: by hand, or when a participant falls silent.' },
  { name: 'The account', description: 'What an account holds, and why.' },
  { name: 'The roll', description: 'Moving the near month into the next one, day by day.' },
  { name: 'Operator: accounts', description: 'Accounts, owners, cash, margin calls.' },
  { name: 'Operator: products', description: 'Products, their parameters, index values.' },
  { name: 'Operator: approvals', description: 'What waits for a second operator.' },
  { name: 'Operator: the venue', description: 'How it all stands, and the switches.' },
  { name: 'Operator: days and the log', description: 'What happened, and by whom.' },
] as const;
