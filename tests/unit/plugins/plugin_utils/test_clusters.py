# SPDX-License-Identifier: GPL-3.0-or-later
"""The clusters that the options of the inventory plugin name."""

import pytest

from ansible_collections.datacache.fluid.plugins.module_utils.errors import InvalidInput
from ansible_collections.datacache.fluid.plugins.plugin_utils.clusters import Cluster, clusters


def test_without_connections_there_is_one_cluster_without_a_name():
    params = {"host": "https://a", "api_key": "k"}
    assert clusters([], ["data"], params) == [Cluster("", params, ("data",))]


@pytest.mark.parametrize(("entry", "name", "params", "namespaces"), [
    ({"context": "prod"}, "prod", {"kubeconfig": "/all", "context": "prod", "ca_cert": "/ca"}, ("a",)),
    ({"kubeconfig": "~/.kube/trial.config"}, "trial",
     {"kubeconfig": "~/.kube/trial.config", "context": None, "ca_cert": "/ca"}, ("a",)),
    ({"context": "arn:aws:eks:eu-1:1:cluster/b.c", "namespaces": []}, "arn-aws-eks-eu-1-1-cluster-b-c",
     {"kubeconfig": "/all", "context": "arn:aws:eks:eu-1:1:cluster/b.c", "ca_cert": "/ca"}, ()),
    ({"name": "n", "context": "c", "namespaces": ["x"]}, "n",
     {"kubeconfig": "/all", "context": "c", "ca_cert": "/ca"}, ("x",)),
], ids=["context", "kubeconfig", "characters", "name"])
def test_an_entry(entry, name, params, namespaces):
    given = {"kubeconfig": "/all", "context": "ignored", "ca_cert": "/ca"}
    assert clusters([entry], ["a"], given) == [Cluster(name, params, namespaces)]


@pytest.mark.parametrize(("connections", "params", "sentence"), [
    ({"context": "a"}, {}, "connections is not a list of dictionaries"),
    (["a"], {}, "connections is not a list of dictionaries"),
    ([{"name": "a"}], {}, "connections[0] names no cluster: give kubeconfig or context"),
    ([{"context": "a", "host": "b"}], {}, "connections[0].host is no option: expected one of context, "
                                          "kubeconfig, name, namespaces"),
    ([{"context": "a", "namespace": "b"}], {}, "did you mean connections[0].namespaces?"),
    ([{"context": "a"}, {"name": "a", "context": "b"}], {}, "connections[1] and connections[0] both have the "
                                                            "name a: give one of them another name"),
    ([{"context": "a"}], {"api_key": "planted-secret"}, "api_key is given beside connections, also if "
                                                        "K8S_AUTH_API_KEY sets it"),
    ([{"kubeconfig": {"clusters": ["planted-secret"]}}], {}, "connections[0].kubeconfig is not text"),
    ([{"context": "a", "namespaces": "b"}], {}, "connections[0].namespaces is not a list of names"),
    ([{"context": "a", "namespaces": ["B"]}], {}, "namespace 'B' is not a DNS-1123 label"),
    ([{"context": "***"}], {}, "connections[0] has no usable name"),
], ids=str)
def test_refused(connections, params, sentence):
    with pytest.raises(InvalidInput) as refused:
        clusters(connections, [], params)
    assert sentence in str(refused.value)
    assert "planted-secret" not in str(refused.value)
