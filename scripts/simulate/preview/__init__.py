"""The dashboards as pictures: a day of post through the real handler, then each widget as CloudWatch would draw it."""
