"""What the raw figures of a table come to: numbers only, without a sentence. The loop and the advice both read it."""
