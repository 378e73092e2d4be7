# SPDX-License-Identifier: GPL-3.0-or-later
"""How a module reaches the API server, as in kubernetes.core."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file, several joined with the platform's path separator, or its content as a dictionary.
      - Without it and without O(context) the configuration inside a pod is tried, then E(KUBECONFIG), then C(~/.kube/config).
      - The environment variable E(K8S_AUTH_KUBECONFIG) is read when the option is not given.
    type: raw
  context:
    description:
      - Name of a context in the kubeconfig.
      - The environment variable E(K8S_AUTH_CONTEXT) is read when the option is not given.
    type: str
  host:
    description:
      - URL of the API server.
      - The environment variable E(K8S_AUTH_HOST) is read when the option is not given.
    type: str
  api_key:
    description:
      - Bearer token.
      - The environment variable E(K8S_AUTH_API_KEY) is read when the option is not given.
    type: str
  username:
    description:
      - User of HTTP basic authentication, which few API servers still take.
      - The environment variable E(K8S_AUTH_USERNAME) is read when the option is not given.
    type: str
  password:
    description:
      - Password of HTTP basic authentication.
      - The environment variable E(K8S_AUTH_PASSWORD) is read when the option is not given.
    type: str
  validate_certs:
    description:
      - Whether the API server's certificate is verified.
      - The environment variables E(K8S_AUTH_VALIDATE_CERTS) and E(K8S_AUTH_VERIFY_SSL) are read when the option is not given.
    type: bool
    aliases: [verify_ssl]
  ca_cert:
    description:
      - Path of the certificate authority's certificate.
      - The environment variables E(K8S_AUTH_CA_CERT) and E(K8S_AUTH_SSL_CA_CERT) are read when the option is not given.
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description:
      - Path of the client certificate.
      - The environment variables E(K8S_AUTH_CLIENT_CERT) and E(K8S_AUTH_CERT_FILE) are read when the option is not given.
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the client certificate's key.
      - The environment variables E(K8S_AUTH_CLIENT_KEY) and E(K8S_AUTH_KEY_FILE) are read when the option is not given.
    type: path
    aliases: [key_file]
  proxy:
    description:
      - URL of an HTTP proxy.
      - The environment variable E(K8S_AUTH_PROXY) is read when the option is not given.
    type: str
  no_proxy:
    description:
      - Hosts, domains and networks, joined with commas, that are reached without the proxy.
      - The environment variable E(K8S_AUTH_NO_PROXY) is read when the option is not given.
    type: str
  proxy_headers:
    description: Headers for the proxy.
    type: dict
    suboptions:
      proxy_basic_auth:
        description:
          - C(user:password) for the proxy.
          - The environment variable E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH) is read when the option is not given.
        type: str
      basic_auth:
        description:
          - C(user:password) for basic authentication.
          - The environment variable E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH) is read when the option is not given.
        type: str
      user_agent:
        description:
          - The user agent that the proxy sees.
          - The environment variable E(K8S_AUTH_PROXY_HEADERS_USER_AGENT) is read when the option is not given.
        type: str
  persist_config:
    description:
      - Whether refreshed tokens are saved in the kubeconfig.
      - The environment variable E(K8S_AUTH_PERSIST_CONFIG) is read when the option is not given.
    type: bool
  impersonate_user:
    description:
      - User to act as.
      - What needs a command in a pod (the quorum) cannot be done this way and says so.
      - The environment variable E(K8S_AUTH_IMPERSONATE_USER) is read when the option is not given.
    type: str
  impersonate_groups:
    description:
      - Groups to act as.
      - The environment variable E(K8S_AUTH_IMPERSONATE_GROUPS) is read when the option is not given.
    type: list
    elements: str
requirements:
  - python >= 3.10
  - kubernetes >= 29.0.0
"""
