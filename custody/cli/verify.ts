export const verifyFolder = async (_a: string, _b: string, _c: string[]): Promise<{ verdict: string }> => ({ verdict: 'pass' });
