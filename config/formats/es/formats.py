"""Spanish as it is written in the United States: the clock of twelve hours, a decimal point. Django's own is Spain's."""

TIME_FORMAT = "g:i\xa0a"  # never "5:07" at the end of a line and "a.m." on the next
DATETIME_FORMAT = "j \\d\\e F \\d\\e Y, g:i\xa0a"
SHORT_DATE_FORMAT = "m/d/Y"
SHORT_DATETIME_FORMAT = "m/d/Y g:i a"
FIRST_DAY_OF_WEEK = 0  # Sunday
DECIMAL_SEPARATOR = "."
THOUSAND_SEPARATOR = ","
