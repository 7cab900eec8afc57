"""Models that are downloaded once, by `vidlabel models pull` alone, and used offline."""
