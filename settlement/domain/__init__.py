"""The nouns of settling care contracts, money and time. Standard library only; every other floor imports this one."""
