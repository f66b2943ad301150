"""What is kept: tables, migrations and the queries over them."""
