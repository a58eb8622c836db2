"""What people ask of any school district, in English and Spanish: a new district's services know it from their first day."""
