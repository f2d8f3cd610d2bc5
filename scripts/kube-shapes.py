#!/usr/bin/env python3
"""kube-shapes.py SCHEMA VERSION: writes src/inventory/shapes_pod.c and shapes_volume.c from an API server's OpenAPI.

    kubectl get --raw /openapi/v3/api/v1 >SCHEMA; scripts/kube-shapes.py SCHEMA 1.36

Every field of a pod that this version of Kubernetes knows, with its type, so that none is misspelt in a row and none
is forgotten here.  What the schema does not say (grammars, ranges, what excludes what) stands in the tables below;
rules between fields are functions of pod_rules.c.  Run it for a new version of Kubernetes and read the difference.
"""
import json
import re
import sys

ROOTS = ['Container', 'PodSpec']
# refused with a hint, made by the server's own admission, or behind a gate that is closed by default
LEAVE_OUT = {('PodSpec', 'ephemeralContainers'), ('PodSpec', 'resources'), ('PodSpec', 'overhead'), ('PodSpec', 'schedulingGroup'),
             ('PodSpec', 'hostnameOverride'), ('EnvVarSource', 'fileKeyRef')}

# (type, field) or field: the shape that says more than its type does
FIELDS = {
    ('Container', 'name'): 'dns_label', ('Container', 'image'): 'image', ('EnvVar', 'name'): 'relaxed_environment_name',
    ('Container', 'command'): 'texts', ('EnvFromSource', 'prefix'): 'environment_prefix',
    ('ConfigMapKeySelector', 'name'): 'subdomain_name', ('ConfigMapKeySelector', 'key'): 'config_key',
    ('SecretKeySelector', 'name'): 'subdomain_name', ('SecretKeySelector', 'key'): 'config_key',
    ('ConfigMapEnvSource', 'name'): 'subdomain_name', ('SecretEnvSource', 'name'): 'subdomain_name',
    ('ObjectFieldSelector', 'apiVersion'): 'api_v1', ('ObjectFieldSelector', 'fieldPath'): 'pod_field', ('ResourceFieldSelector', 'resource'): 'resource_field',
    ('ContainerPort', 'containerPort'): 'port', ('ContainerPort', 'hostPort'): 'port_or_zero', ('ContainerPort', 'name'): 'port_name',
    ('VolumeMount', 'name'): 'string', ('VolumeMount', 'mountPath'): 'string', ('VolumeMount', 'subPath'): 'descending_path',
    ('VolumeMount', 'subPathExpr'): 'descending_path', ('VolumeDevice', 'devicePath'): 'string',
    ('ExecAction', 'command'): 'some_texts', ('HTTPHeader', 'name'): 'header_name', ('GRPCAction', 'port'): 'port',
    ('HTTPGetAction', 'port'): 'port_or_name', ('TCPSocketAction', 'port'): 'port_or_name',
    ('Probe', 'initialDelaySeconds'): 'from_zero', ('Probe', 'periodSeconds'): 'from_zero', ('Probe', 'timeoutSeconds'): 'from_zero',
    ('Probe', 'successThreshold'): 'from_zero', ('Probe', 'failureThreshold'): 'from_zero', ('Probe', 'terminationGracePeriodSeconds'): 'from_one',
    ('SleepAction', 'seconds'): 'from_zero', ('Container', 'restartPolicy'): 'container_restart_policy',
    ('ContainerResizePolicy', 'resourceName'): 'resizable', ('ContainerResizePolicy', 'restartPolicy'): 'resize_restart',
    ('SecurityContext', 'runAsUser'): 'numeric_id', ('SecurityContext', 'runAsGroup'): 'numeric_id',
    ('PodSecurityContext', 'runAsUser'): 'numeric_id', ('PodSecurityContext', 'runAsGroup'): 'numeric_id',
    ('PodSecurityContext', 'fsGroup'): 'numeric_id', ('PodSecurityContext', 'supplementalGroups'): 'numeric_ids',
    ('PodSecurityContext', 'sysctls'): 'sysctls', ('PodSecurityContext', 'seLinuxChangePolicy'): 'selinux_change_policy',
    ('WindowsSecurityContextOptions', 'gmsaCredentialSpecName'): 'subdomain_name', ('WindowsSecurityContextOptions', 'gmsaCredentialSpec'): 'string',
    ('WindowsSecurityContextOptions', 'runAsUserName'): 'windows_user',
    ('Toleration', 'key'): 'label_key_or_empty', ('Toleration', 'operator'): 'toleration_operator', ('Toleration', 'effect'): 'taint_effect_or_empty',
    ('ResourceClaim', 'name'): 'dns_label', ('PodResourceClaim', 'name'): 'dns_label',
    ('PodSpec', 'nodeSelector'): 'labels', ('PodSpec', 'hostname'): 'dns_label', ('PodSpec', 'subdomain'): 'dns_label',
    ('PodSpec', 'serviceAccountName'): 'subdomain_name', ('PodSpec', 'serviceAccount'): 'subdomain_name', ('PodSpec', 'nodeName'): 'subdomain_name',
    ('PodSpec', 'priorityClassName'): 'subdomain_name', ('PodSpec', 'runtimeClassName'): 'subdomain_name', ('PodSpec', 'hostnameOverride'): 'subdomain_name',
    ('PodSpec', 'activeDeadlineSeconds'): 'from_one', ('PodSpec', 'terminationGracePeriodSeconds'): 'from_zero',
    ('PodOS', 'name'): 'os_name', ('PodReadinessGate', 'conditionType'): 'label_key', ('PodSchedulingGate', 'name'): 'label_key',
    ('LocalObjectReference', 'name'): 'any_text', ('HostAlias', 'ip'): 'ip_address', ('HostAlias', 'hostnames'): 'subdomain_names',
    ('PodDNSConfig', 'nameservers'): 'nameservers', ('PodDNSConfig', 'searches'): 'searches', ('PodDNSConfigOption', 'name'): 'string',
    ('PodAffinityTerm', 'topologyKey'): 'label_key', ('TopologySpreadConstraint', 'topologyKey'): 'label_key',
    ('TopologySpreadConstraint', 'maxSkew'): 'from_one', ('TopologySpreadConstraint', 'minDomains'): 'from_one',
    ('PreferredSchedulingTerm', 'weight'): 'weight', ('WeightedPodAffinityTerm', 'weight'): 'weight',
    ('NodeSelectorRequirement', 'key'): 'label_key', ('NodeSelectorRequirement', 'values'): 'label_values',
    ('PodAffinityTerm', 'namespaces'): 'dns_labels', ('PodAffinityTerm', 'matchLabelKeys'): 'label_keys',
    ('PodAffinityTerm', 'mismatchLabelKeys'): 'label_keys', ('TopologySpreadConstraint', 'matchLabelKeys'): 'label_keys',
    ('PodResourceClaim', 'resourceClaimName'): 'subdomain_name', ('PodResourceClaim', 'resourceClaimTemplateName'): 'subdomain_name',
    ('ContainerRestartRule', 'action'): 'restart_action', ('ContainerRestartRuleOnExitCodes', 'operator'): 'exit_code_operator',
    ('ServiceAccountTokenProjection', 'expirationSeconds'): 'token_lifetime',
    ('LabelSelectorRequirement', 'key'): 'label_key', ('LabelSelectorRequirement', 'operator'): 'selector_operator',
    ('LabelSelectorRequirement', 'values'): 'label_values', ('LabelSelector', 'matchLabels'): 'labels',
    ('Volume', 'name'): 'dns_label', ('ConfigMapVolumeSource', 'name'): 'string', ('SecretVolumeSource', 'secretName'): 'string',
    ('ConfigMapProjection', 'name'): 'string', ('SecretProjection', 'name'): 'string',
    ('PersistentVolumeClaimVolumeSource', 'claimName'): 'string', ('HostPathVolumeSource', 'path'): 'no_backsteps',
    ('HostPathVolumeSource', 'type'): 'host_path_type', ('KeyToPath', 'key'): 'string', ('KeyToPath', 'path'): 'key_path',
    ('DownwardAPIVolumeFile', 'path'): 'key_path', ('ServiceAccountTokenProjection', 'path'): 'key_path',
    ('NFSVolumeSource', 'server'): 'string', ('NFSVolumeSource', 'path'): 'nfs_path', ('CSIVolumeSource', 'driver'): 'subdomain_name',
}
for kind in 'ConfigMapVolumeSource SecretVolumeSource DownwardAPIVolumeSource ProjectedVolumeSource'.split():
    FIELDS[kind, 'defaultMode'] = 'file_mode'
for kind in 'KeyToPath DownwardAPIVolumeFile'.split():
    FIELDS[kind, 'mode'] = 'file_mode'
# what validation demands and the schema does not
REQUIRED = {
    ('ConfigMapKeySelector', 'name'), ('SecretKeySelector', 'name'), ('ConfigMapEnvSource', 'name'), ('SecretEnvSource', 'name'),
    ('ConfigMapVolumeSource', 'name'), ('SecretVolumeSource', 'secretName'), ('ConfigMapProjection', 'name'), ('SecretProjection', 'name'),
    ('ExecAction', 'command'), ('Container', 'image'), ('ContainerRestartRule', 'exitCodes'),
    ('EphemeralVolumeSource', 'volumeClaimTemplate'), ('PersistentVolumeClaimSpec', 'accessModes'), ('PersistentVolumeClaimSpec', 'resources'),
    ('VolumeResourceRequirements', 'requests'), ('PodDNSConfigOption', 'name'), ('HostAlias', 'ip'),
}
# SSA asks for these; of a key that is empty the server makes its default
ONE_OF = {
    'EnvVarSource': '', 'EnvFromSource': '+configMapRef secretRef', 'Probe': '+exec grpc httpGet tcpSocket', 'LifecycleHandler': '',
    'VolumeProjection': '?', 'Volume': '?-name', 'DownwardAPIVolumeFile': '+fieldRef resourceFieldRef',
    'PodResourceClaim': '+resourceClaimName resourceClaimTemplateName',
}
RULES = {
    'Container': 'container', 'EnvVar': 'environment_variable', 'ResourceRequirements': 'resources', 'SecurityContext': 'security_context',
    'SeccompProfile': 'seccomp_profile', 'AppArmorProfile': 'apparmor_profile', 'Toleration': 'toleration', 'VolumeMount': 'mount',
    'NodeSelectorRequirement': 'node_requirement', 'NodeSelectorTerm': 'node_term',
    'TopologySpreadConstraint': 'spread', 'LabelSelectorRequirement': 'label_requirement', 'PodSpec': 'pod',
    'ResourceFieldSelector': 'resource_field', 'VolumeResourceRequirements': 'claim_resources', 'PodDNSConfig': 'dns_config', 'WindowsSecurityContextOptions': None, 'EmptyDirVolumeSource': None,
}
REFUSED = {'PodSpec': 'POD', 'SecurityContext': 'CONTAINER_CONTEXT', 'PodSecurityContext': 'POD_CONTEXT'}
# arrays that a merge goes into, by the key that tells their elements apart (merge_overrides())
MERGED = {('PodSpec', 'containers'), ('PodSpec', 'initContainers'), ('PodSpec', 'volumes'), ('PodSpec', 'imagePullSecrets'),
          ('Container', 'env'), ('Container', 'volumeMounts')}
UNIQUE = {('PodSpec', 'schedulingGates'): ['name'], ('PodSpec', 'imagePullSecrets'): ['name']}
AT_LEAST_ONE = {('NodeSelector', 'nodeSelectorTerms'), ('PersistentVolumeClaimSpec', 'accessModes')}
# what shapes.c takes from here
EXPORTED = ('container', 'pod_spec', 'probe', 'security_context', 'pod_security_context', 'pod_spec_tolerations', 'http_header')
VOLUME_FILE = re.compile('Volume|KeyToPath|Projection|DownwardAPI|PersistentVolumeClaim|TypedObject|TypedLocal|ObjectMeta|OwnerReference|ManagedFields')

schema = {name.rsplit('.', 1)[1]: value for name, value in json.load(open(sys.argv[1]))['components']['schemas'].items()}
order, written = [], set()


def snake(name):
    return re.sub(r'(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])', '_', name).lower()


def reference(value):
    if 'allOf' in value:
        value = value['allOf'][0]
    return value['$ref'].rsplit('.', 1)[1] if '$ref' in value else None


def text_of(kind, field, value):
    """The C name of the shape of one field; makes what it needs."""
    known = FIELDS.get((kind, field), False)
    if known:
        return known
    name = reference(value)
    if name == 'Quantity':
        return 'quantity'
    if name == 'IntOrString':
        return 'port_or_name'
    if name in ('Time', 'MicroTime', 'FieldsV1'):
        return 'any_text'
    if name:
        visit(name)
        return snake(name)
    if value['type'] == 'object':
        values = value.get('additionalProperties', {})
        return 'quantities' if reference(values) == 'Quantity' else 'text_map'
    if value['type'] == 'array':
        return array(kind, field, value)
    if 'enum' in value:
        return constant(snake(kind) + '_' + snake(field),
                        'CHOICE(' + ', '.join('"%s"' % item for item in value['enum']) + ')')
    if value['type'] == 'integer':
        return 'any_int32' if value.get('format') == 'int32' else 'any_integer'
    return {'boolean': 'boolean', 'string': 'any_text'}[value['type']]


def array(kind, field, value):
    element = text_of(kind, field + '_element', value['items'])
    keys = UNIQUE.get((kind, field), value.get('x-kubernetes-list-map-keys', []))
    if element == 'any_text' and not keys:
        return 'texts'
    extra = ', .unique = KEYS(%s)' % ', '.join('"%s"' % key for key in keys) if keys else ''
    extra += ', .merged = true' if (kind, field) in MERGED else ''
    extra += ', .minimum = 1' if (kind, field) in AT_LEAST_ONE else ''
    return constant(snake(kind) + '_' + snake(field), '{.type = ORCH_SHAPE_ARRAY, .element = &%s%s}' % (element, extra))


def constant(name, text):
    if name not in written:
        written.add(name)
        order.append((name, text))
    return name


def visit(kind):
    name = snake(kind)
    if name in written:
        return
    fields = []
    properties = schema[kind].get('properties', {})
    required = schema[kind].get('required', [])
    for field in sorted(properties):
        if (kind, field) in LEAVE_OUT:
            continue
        must = field in required or (kind, field) in REQUIRED
        shape = text_of(kind, field, properties[field])
        if must and shape == 'any_text' and 'VolumeSource' in kind:
            shape = 'string'
        fields.append('{"%s", &%s, %s}' % (field, shape, 'true' if must else 'false'))
    extra = []
    if kind in ONE_OF:
        wanted = ONE_OF[kind]
        names = wanted[1:].split() if wanted.startswith('+') else [f for f in sorted(properties) if '-' + f not in wanted and (kind, f) not in LEAVE_OUT]
        extra.append('ONE_OF(%s)' % ', '.join('"%s"' % n for n in names))
        if wanted.startswith('?'):
            extra.append('.or_none = true')
    if RULES.get(kind):
        extra.append('.rule = orch_rule_' + RULES[kind])
    if kind in REFUSED:
        extra.append('REFUSED(ORCH_NOT_OF_A_%s)' % REFUSED[kind])
    constant(name, '{FIELDS(%s)%s}' % (', '.join(fields), ''.join(', ' + e for e in extra)))


def wrap(text):
    """At most about 150 columns, broken after commas."""
    lines, line = [], ''
    for part in re.findall(r'\{"[^}]*\},?|[^{},]+,?|[{}],?', text):
        if len(line) + len(part) > 146:
            lines.append(line.rstrip())
            line = '\t' + part.lstrip()
        else:
            line += part
    lines.append(line)
    return '\n'.join(lines)


for root in ROOTS:
    visit(root)
version = sys.argv[2]
is_volume = {}
for name, text in order:
    uses = set(re.findall(r'&(\w+)', text))
    is_volume[name] = bool(VOLUME_FILE.search(''.join(p.capitalize() for p in name.split('_')))) and all(is_volume.get(u, True) for u in uses)
shared = {name for name, _ in order if is_volume[name]}
used_outside = {u for name, text in order if not is_volume[name] for u in re.findall(r'&(\w+)', text) if u in shared}
HEAD = '''/*
 * %s
 *	  Shapes of %s, as Kubernetes %s knows them.
 *
 * Made by scripts/kube-shapes.py from an API server's OpenAPI: change that, not
 * this.
 */
#include "inventory/shapes.h"

'''
for path, subject, wanted in (('src/inventory/shapes_volume.c', 'the volumes of pods', True),
                              ('src/inventory/shapes_pod.c', 'pods and their containers', False)):
    out = HEAD % (path.rsplit('/', 1)[1], subject, version)
    for name, text in order:
        if is_volume[name] != wanted:
            continue
        visible = name in used_outside or name in EXPORTED
        text = re.sub(r'&(\w+)', lambda m: '&orch_shape_' + m.group(1) if m.group(1) not in written or m.group(1) in used_outside
                      or m.group(1) in EXPORTED else m.group(0), text)
        head = 'const OrchShape orch_shape_%s = ' % name if visible else 'static const OrchShape %s = ' % name
        out += wrap(head + text + ';') + '\n'
    open(path, 'w').write(out)
shared_names = sorted(used_outside | set(EXPORTED))
path = 'src/inventory/shapes.h'
text = open(path).read()
text = re.sub(r'(made by scripts/kube-shapes.py ----) \*/\n.*?\n(?=/\* ---- )', lambda m: m.group(1) + ' */\n'
              + ''.join('extern const OrchShape orch_shape_%s;\n' % name for name in shared_names) + '\n', text, flags=re.S)
open(path, 'w').write(text)
