# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates that a test writes, with each ansible-core that is tested."""

try:
    from ansible.template import trust_as_template
except ImportError:
    # ansible-core 2.18 and older trust every text.
    def trust_as_template(text: str) -> str:
        return text

__all__ = ["trust_as_template"]
