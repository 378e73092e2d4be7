# SPDX-License-Identifier: GPL-3.0-or-later
"""The measured tasks. Pure."""

from . import content


def dataset(name: str, namespace: str) -> dict:
    return {"name": "One Dataset",
            "datacache.fluid.dataset": {"namespace": namespace, **content.options(name)}}


def datasets(names: list[str], namespace: str) -> dict:
    return {"name": "All Datasets in one task", "datacache.fluid.dataset": {
        "namespace": namespace, "datasets": [content.options(name) for name in names]}}


def idle(names: list[str], namespace: str) -> dict:
    """The same options for a module that does nothing with them."""
    return {"name": "Nothing", "idle": datasets(names, namespace)["datacache.fluid.dataset"]}


def summary(namespace: str) -> dict:
    return {"name": "Sum up all Datasets",
            "datacache.fluid.dataset_info": {"namespace": namespace, "summary": True}}


def core(name: str, namespace: str) -> dict:
    return {"name": "One Dataset", "kubernetes.core.k8s": {"definition": content.manifest(name, namespace)}}


def core_loop(names: list[str], namespace: str) -> dict:
    return {"name": "A loop over Datasets", "kubernetes.core.k8s": {"definition": "{{ item }}"},
            "loop": [content.manifest(name, namespace) for name in names],
            "loop_control": {"label": "{{ item.metadata.name }}"}}


def core_info(namespace: str) -> dict:
    return {"name": "Read all Datasets", "kubernetes.core.k8s_info": {
        "api_version": content.API_VERSION, "kind": "Dataset", "namespace": namespace}}
