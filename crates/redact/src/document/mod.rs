//! Containers: office documents, mail, PDF. Held in memory, rewritten whole.
