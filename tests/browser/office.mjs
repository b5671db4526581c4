export async function officeJourney() {}
