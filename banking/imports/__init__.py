"""Past transactions from other banks' files: shown as history, never as money held here."""
