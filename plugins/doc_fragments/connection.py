# SPDX-License-Identifier: GPL-3.0-or-later
"""Connection to the API server, as in kubernetes.core."""

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  kubeconfig:
    description:
      - Path of a kubeconfig file, several paths joined with the platform's path separator, or the content as
        a dictionary.
      - Falls back to the environment variable E(K8S_AUTH_KUBECONFIG).
      - Without it and without O(context) the module tries the configuration inside a pod, then E(KUBECONFIG),
        then C(~/.kube/config).
      - Not read if O(host) is set with O(api_key), with O(username) and O(password), or with O(client_cert)
        and O(client_key).
    type: raw
  context:
    description:
      - Context of the kubeconfig.
      - Falls back to the environment variable E(K8S_AUTH_CONTEXT), then to the current context.
    type: str
  host:
    description:
      - URL of the API server.
      - Falls back to the environment variable E(K8S_AUTH_HOST).
    type: str
  api_key:
    description:
      - Bearer token.
      - Falls back to the environment variable E(K8S_AUTH_API_KEY).
    type: str
  username:
    description:
      - User of HTTP basic authentication, which few API servers still accept.
      - Falls back to the environment variable E(K8S_AUTH_USERNAME).
    type: str
  password:
    description:
      - Password of HTTP basic authentication.
      - Falls back to the environment variable E(K8S_AUTH_PASSWORD).
    type: str
  validate_certs:
    description:
      - Verifies the certificate of the API server.
      - Falls back to the environment variables E(K8S_AUTH_VALIDATE_CERTS) and E(K8S_AUTH_VERIFY_SSL).
    type: bool
    aliases: [verify_ssl]
  ca_cert:
    description:
      - Path of the certificate of the certificate authority.
      - Falls back to the environment variables E(K8S_AUTH_CA_CERT) and E(K8S_AUTH_SSL_CA_CERT).
    type: path
    aliases: [ssl_ca_cert]
  client_cert:
    description:
      - Path of the client certificate.
      - Falls back to the environment variables E(K8S_AUTH_CLIENT_CERT) and E(K8S_AUTH_CERT_FILE).
    type: path
    aliases: [cert_file]
  client_key:
    description:
      - Path of the key of the client certificate.
      - Falls back to the environment variables E(K8S_AUTH_CLIENT_KEY) and E(K8S_AUTH_KEY_FILE).
    type: path
    aliases: [key_file]
  proxy:
    description:
      - URL of an HTTP proxy.
      - Falls back to the environment variable E(K8S_AUTH_PROXY). From version 34 the kubernetes package also
        reads E(HTTPS_PROXY) and E(HTTP_PROXY).
      - Commands in pods take the same way as requests.
    type: str
  no_proxy:
    description:
      - Hosts, domains and networks that are reached without the proxy, joined with commas.
      - Falls back to the environment variables E(K8S_AUTH_NO_PROXY) and E(NO_PROXY).
    type: str
  proxy_headers:
    description: Headers of requests to the proxy.
    type: dict
    suboptions:
      proxy_basic_auth:
        description:
          - Credentials for the proxy, as C(user:password).
          - Falls back to the environment variable E(K8S_AUTH_PROXY_HEADERS_PROXY_BASIC_AUTH).
        type: str
      basic_auth:
        description:
          - Credentials for basic authentication, as C(user:password).
          - Falls back to the environment variable E(K8S_AUTH_PROXY_HEADERS_BASIC_AUTH).
        type: str
      user_agent:
        description:
          - User agent that the proxy receives.
          - Falls back to the environment variable E(K8S_AUTH_PROXY_HEADERS_USER_AGENT).
        type: str
  persist_config:
    description:
      - Saves refreshed tokens in the kubeconfig. Without it they are not saved.
      - Falls back to the environment variable E(K8S_AUTH_PERSIST_CONFIG).
    type: bool
  impersonate_user:
    description:
      - User to impersonate.
      - Refused for actions that run a command in a pod, because the kubernetes package does not send this
        header with streams.
      - Falls back to the environment variable E(K8S_AUTH_IMPERSONATE_USER).
    type: str
  impersonate_groups:
    description:
      - Groups to impersonate. Refused where O(impersonate_user) is.
      - Falls back to the environment variable E(K8S_AUTH_IMPERSONATE_GROUPS).
    type: list
    elements: str
requirements:
  - python >= 3.10
  - kubernetes >= 29.0.0
"""

    # For plugins: a module reads its environment by its argument spec.
    ENVIRONMENT = r"""
options:
  kubeconfig:
    env: [{name: K8S_AUTH_KUBECONFIG}]
  context:
    env: [{name: K8S_AUTH_CONTEXT}]
  host:
    env: [{name: K8S_AUTH_HOST}]
  api_key:
    env: [{name: K8S_AUTH_API_KEY}]
  username:
    env: [{name: K8S_AUTH_USERNAME}]
  password:
    env: [{name: K8S_AUTH_PASSWORD}]
  validate_certs:
    env: [{name: K8S_AUTH_VALIDATE_CERTS}, {name: K8S_AUTH_VERIFY_SSL}]
  ca_cert:
    env: [{name: K8S_AUTH_CA_CERT}, {name: K8S_AUTH_SSL_CA_CERT}]
  client_cert:
    env: [{name: K8S_AUTH_CLIENT_CERT}, {name: K8S_AUTH_CERT_FILE}]
  client_key:
    env: [{name: K8S_AUTH_CLIENT_KEY}, {name: K8S_AUTH_KEY_FILE}]
  proxy:
    env: [{name: K8S_AUTH_PROXY}]
  no_proxy:
    env: [{name: K8S_AUTH_NO_PROXY}]
  persist_config:
    env: [{name: K8S_AUTH_PERSIST_CONFIG}]
  impersonate_user:
    env: [{name: K8S_AUTH_IMPERSONATE_USER}]
  impersonate_groups:
    env: [{name: K8S_AUTH_IMPERSONATE_GROUPS}]
"""
