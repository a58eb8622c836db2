"""Mail on its way in: the SMTP door, the hooks of providers, and what staff pass on."""
