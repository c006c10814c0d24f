"""The alarms by subject, each a table of AlarmSpec values."""
