"""Which languages a public-interest poster campaign should carry on which buses."""

__version__ = "0.1.0"
