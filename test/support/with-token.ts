import { TokenClient, type TokenClientOptions } from '../../custody/tokens/client.ts';

/** A token process for one use: started, used, closed. */
export const withToken = async <T>(
  options: TokenClientOptions,
  act: (client: TokenClient) => Promise<T>,
): Promise<T> => {
  const client = await TokenClient.start(options);
  try {
    return await act(client);
  } finally {
    await client.close();
  }
};
