"""The case from 受理 to 销号: who holds it, until when, with which proof it ends."""
