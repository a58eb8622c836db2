"""Mailboxes elsewhere, read by IMAP: each mail is written down as an envelope before it is marked as seen there."""
