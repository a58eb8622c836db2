"""The outside world: see config.storm.outside."""

from config.storm.outside import Mail, MailServer, Text, Twilio

__all__ = ["Mail", "MailServer", "Text", "Twilio"]
