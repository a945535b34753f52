// The attributes of workloads: what the agent's workload attestors collect on each request.
import { makeRows, NOT_IN_PATHS } from '../row.ts'

export const KUBERNETES_ROWS = makeRows('kubernetes', 'workload', {
  'kubernetes.pod.image_count': { type: 'int', alphabet: 'digits', description: 'Number of containers in the pod' },
  'kubernetes.pod.init_image_count': {
    type: 'int',
    alphabet: 'digits',
    description: 'Number of init containers in the pod',
  },
  'kubernetes.pod.name': { alphabet: 'subdomain', description: 'Name of the pod' },
  'kubernetes.pod.namespace': { alphabet: 'label', description: 'Namespace of the pod' },
  'kubernetes.pod.uid': { alphabet: 'label', description: 'UID of the pod' },
  'kubernetes.pod.node.name': { alphabet: 'subdomain', description: 'Name of the node that the pod runs on' },
  'kubernetes.pod.owner': {
    optional: true,
    alphabet: 'kindAndName',
    description: 'Last owner of the pod, as Type:Name, such as ReplicaSet:web-1',
  },
  'kubernetes.pod.owner_uid': { optional: true, alphabet: 'label', description: 'UID of the last owner of the pod' },
  'kubernetes.pod.service_account': { alphabet: 'subdomain', description: 'Service account of the pod' },
  'kubernetes.pod.container.<container>.image.name': {
    optional: true,
    surfaces: NOT_IN_PATHS,
    alphabet: 'imageName',
    keyAlphabet: 'label',
    description: 'Image name of one container of the pod',
  },
  'kubernetes.pod.container.<container>.image.id': {
    optional: true,
    surfaces: NOT_IN_PATHS,
    alphabet: 'imageId',
    keyAlphabet: 'label',
    description: 'Image id of one container of the pod',
  },
  'kubernetes.pod.init_container.<container>.image.name': {
    optional: true,
    surfaces: NOT_IN_PATHS,
    alphabet: 'imageName',
    keyAlphabet: 'label',
    description: 'Image name of one init container of the pod',
  },
  'kubernetes.pod.init_container.<container>.image.id': {
    optional: true,
    surfaces: NOT_IN_PATHS,
    alphabet: 'imageId',
    keyAlphabet: 'label',
    description: 'Image id of one init container of the pod',
  },
  'kubernetes.pod.label[<key>]': {
    optional: true,
    alphabet: 'labelValue',
    keyAlphabet: 'qualifiedKey',
    keyVersion: '0.28.0',
    description: 'One label of the pod',
  },
  'kubernetes.pod.annotation[<key>]': {
    optional: true,
    alphabet: 'text',
    keyAlphabet: 'qualifiedKey',
    keyVersion: '0.28.0',
    enabledBy: 'includeAnnotationPrefixes',
    description: 'One annotation of the pod whose key has an allowed prefix',
  },
  'kubernetes.container.name': {
    optional: true,
    alphabet: 'label',
    enabledBy: 'includeContainerAttributes',
    description: 'Name of the container of the workload',
  },
  'kubernetes.container.image.name': {
    optional: true,
    alphabet: 'imageName',
    enabledBy: 'includeContainerAttributes',
    description: 'Image name of the container of the workload',
  },
  'kubernetes.container.image.id': {
    optional: true,
    alphabet: 'imageId',
    enabledBy: 'includeContainerAttributes',
    description: 'Image id of the container of the workload',
  },
})

export const DOCKER_ROWS = makeRows('docker', 'workload', {
  'docker.container.label[<key>]': { optional: true, alphabet: 'text', description: 'One label of the container' },
  'docker.container.env[<name>]': {
    optional: true,
    alphabet: 'text',
    enabledBy: 'includeEnvVars',
    description: 'One environment variable of the container whose name has an allowed prefix',
  },
})

export const LINUX_ROWS = makeRows('linux', 'workload', {
  'linux.user.name': { optional: true, alphabet: 'text', description: 'User name of the process' },
  'linux.user.id': { alphabet: 'digits', description: 'User id of the process' },
  'linux.group.name': { optional: true, alphabet: 'text', description: 'Group name of the process' },
  'linux.group.id': { alphabet: 'digits', description: 'Group id of the process' },
  'linux.supp_group.name': { many: true, optional: true, alphabet: 'text', description: 'Supplementary group names' },
  'linux.supp_group.id': { many: true, optional: true, alphabet: 'digits', description: 'Supplementary group ids' },
  'linux.binary.path': {
    optional: true,
    alphabet: 'filePath',
    enabledBy: 'discoverWorkloadPath',
    description: 'Path of the binary of the process',
  },
})

export const SYSTEMD_ROWS = makeRows('systemd', 'workload', {
  'systemd.id': { optional: true, alphabet: 'text', description: 'Name of the systemd unit' },
  'systemd.fragment_path': { optional: true, alphabet: 'filePath', description: 'Path of the unit file' },
  'systemd.control_group': { optional: true, alphabet: 'filePath', description: 'Control group of the unit' },
  'systemd.invocation_id': {
    optional: true,
    alphabet: 'hex',
    description: 'Id of this run of the unit; changes at each start, so it names no stable identity',
  },
})

export const JWT_ROWS = makeRows('jwt', 'workload', {
  'jwt.claim.<name>': {
    many: true,
    optional: true,
    alphabet: 'text',
    description: 'One claim of the token that the workload presented',
  },
})
