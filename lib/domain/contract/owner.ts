// Accounts belong to owners. An account is called `owner` or `owner.name`, so what a rule says of an owner holds for all
// accounts that the owner has, however many they are.

/** The owner of an account. */
export const ownerOf = (account: string): string => account.split('.', 1)[0]!;
