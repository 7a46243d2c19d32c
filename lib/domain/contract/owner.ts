// Accounts belong to owners. An account is called `owner` or `owner.name`, so what a rule says of an owner holds for all
// accounts that the owner has, however many they are. The account `owner` is opened first and carries the owner's name.

/**
 * Accounts that an owner may have, its first one included: what is decided for one of them looks at all.
 */
export const ACCOUNTS_OF_OWNER_MAX = 16;

/** The owner of an account: the name of the owner's first account. */
export const ownerOf = (account: string): string => account.split('.', 1)[0]!;

/** What an account is called: its owner, or `owner.name`. */
export const ACCOUNT_ID = /^(?=.{1,63}$)[a-z0-9][a-z0-9-]*(\.[a-z0-9][a-z0-9-]*)?$/;
export const isAccountId = (text: string): boolean => ACCOUNT_ID.test(text);
