/** The help for the current screen, offline, at the window's side. */
import { Drawer, Text } from '@mantine/core';

export const Help = ({
  of,
  paragraphs,
  opened,
  onClose,
}: {
  of: string;
  paragraphs: readonly string[];
  opened: boolean;
  onClose: () => void;
}) => (
  <Drawer
    lockScroll={false}
    closeButtonProps={{ 'aria-label': 'Close' }}
    opened={opened}
    onClose={onClose}
    position="right"
    title={`Help: ${of}`}
  >
    {paragraphs.map((paragraph) => (
      <p key={paragraph}>{paragraph}</p>
    ))}
    <Text size="sm" c="dimmed" mt="lg">
      Whose word a statement is: ▣ device, read back or attested; ✎ person, signed by their own key;
      ▭ desk, our word only.
    </Text>
  </Drawer>
);
