"""The nodes, declared once. Every host, flag and page is a projection of this list."""

from likeness.nodes.blend import Blend
from likeness.nodes.detect import Detect
from likeness.nodes.spec import Node, Parameter
from likeness.nodes.swap import Swap

NODES: tuple[type[Node], ...] = (Detect, Swap, Blend)

__all__ = ["NODES", "Blend", "Detect", "Node", "Parameter", "Swap", "node_by_id"]


def node_by_id(node_id: str) -> type[Node]:
    """Return the declaration with this id; KeyError when there is none."""
    return {node.id: node for node in NODES}[node_id]
