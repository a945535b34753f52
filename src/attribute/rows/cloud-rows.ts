// The attributes of agents that a cloud provider vouches for.
import { makeRows } from '../row.ts'

const NEEDS_EC2 = 'it needs calls to EC2, which the gateway does not make'
const NEEDS_COMPUTE = 'it needs calls to the Compute API, which the gateway does not make'

export const AWS_IID_ROWS = makeRows('aws_iid', 'agent', {
  'aws_iid.account.id': { identity: true, alphabet: 'digits', description: 'AWS account of the instance' },
  'aws_iid.ec2.instance.id': { identity: true, alphabet: 'label', description: 'Id of the instance' },
  'aws_iid.ec2.instance.region': { identity: true, alphabet: 'label', description: 'Region of the instance' },
  'aws_iid.ec2.instance.availability_zone': { alphabet: 'label', description: 'Availability zone of the instance' },
  'aws_iid.ec2.instance.image_id': { alphabet: 'label', description: 'Image that the instance was started from' },
  'aws_iid.ec2.instance.instance_type': { alphabet: 'text', description: 'Type of the instance, such as t3.micro' },
  'aws_iid.ec2.instance.private_ip': { optional: true, alphabet: 'text', description: 'Private IPv4 address' },
  'aws_iid.ec2.instance.pending_time': { alphabet: 'text', description: 'When the instance was started, RFC 3339' },
  'aws_iid.ec2.instance.private_dns_names': {
    many: true,
    alphabet: 'subdomain',
    description: 'Both host names that EC2 may have given it, derived from its address and its id',
  },
  'aws_iid.ec2.instance.tag.<tag>': {
    optional: true,
    neverPresent: NEEDS_EC2,
    alphabet: 'text',
    description: 'One tag of the instance',
  },
  'aws_iid.ec2.security_group.id': {
    many: true,
    optional: true,
    neverPresent: NEEDS_EC2,
    alphabet: 'label',
    description: 'Ids of the security groups of the instance',
  },
  'aws_iid.ec2.security_group.name': {
    many: true,
    optional: true,
    neverPresent: NEEDS_EC2,
    alphabet: 'text',
    description: 'Names of the security groups of the instance',
  },
  'aws_iid.iam.role': {
    many: true,
    optional: true,
    neverPresent: NEEDS_EC2,
    alphabet: 'text',
    description: 'Roles of the instance profile',
  },
})

export const AWS_TOKEN_ROWS = makeRows('aws_token', 'agent', {
  'aws_token.issuer': { alphabet: 'url', description: 'Issuer of the account' },
  'aws_token.principal.arn': { identity: true, alphabet: 'text', description: 'ARN of the role or other principal' },
  'aws_token.principal.id': { optional: true, alphabet: 'text', description: 'Unique id of the principal' },
  'aws_token.ou_path': { many: true, optional: true, alphabet: 'text', description: 'Organizational units' },
  'aws_token.source_identity': { optional: true, alphabet: 'text', description: 'Source identity of the session' },
  'aws_token.ec2.instance.arn': { optional: true, alphabet: 'text', description: 'Instance that asked' },
  'aws_token.ec2.instance.vpc': { optional: true, alphabet: 'label', description: 'VPC of that instance' },
  'aws_token.lambda.function.arn': { optional: true, alphabet: 'text', description: 'Function that asked' },
  'aws_token.account.id': {
    identity: true,
    alphabet: 'digits',
    aliases: ['aws_token.account_id'],
    description: 'AWS account of the principal',
  },
  'aws_token.org.id': { optional: true, alphabet: 'label', description: 'AWS organization of the account' },
  'aws_token.source_region': { optional: true, alphabet: 'label', description: 'Region that the token was asked in' },
  'aws_token.identity_store_user_id': {
    optional: true,
    identity: true,
    alphabet: 'text',
    description: 'Identity store user, if there is one',
  },
  'aws_token.principal_tags.<tag>': { optional: true, alphabet: 'text', description: 'One tag of the principal' },
  'aws_token.request_tags.<tag>': {
    optional: true,
    alphabet: 'text',
    chosenBy: 'whoever asks AWS for the token',
    description: 'One tag of the request; proves nothing, since whoever asks for the token chooses it',
  },
})

export const AZURE_MSI_ROWS = makeRows('azure_msi', 'agent', {
  'azure_msi.issuer': { alphabet: 'url', description: 'Issuer of the tenant, of version 1.0 or 2.0' },
  'azure_msi.identity.kind': { optional: true, alphabet: 'label', description: 'system or user: who assigned it' },
  'azure_msi.identity.name': { optional: true, alphabet: 'text', description: 'Name of the identity, lower case' },
  'azure_msi.subscription.id': {
    optional: true,
    alphabet: 'labelValue',
    description: 'Subscription of the resource that has the identity',
  },
  'azure_msi.resource_group': { optional: true, alphabet: 'text', description: 'Its resource group, lower case' },
  'azure_msi.resource.type': {
    optional: true,
    alphabet: 'text',
    description: 'Its type, such as microsoft.compute/virtualmachines',
  },
  'azure_msi.resource.name': { optional: true, identity: true, alphabet: 'text', description: 'Its name, lower case' },
  'azure_msi.tenant.id': {
    identity: true,
    alphabet: 'labelValue',
    aliases: ['azure_msi.tenant_id'],
    description: 'Entra tenant (claim tid)',
  },
  'azure_msi.identity.principal_id': {
    identity: true,
    alphabet: 'labelValue',
    aliases: ['azure_msi.principal_id'],
    description: 'Object id of the managed identity (claim oid)',
  },
})

export const AZURE_IMDS_ROWS = makeRows('azure_imds', 'agent', {
  'azure_imds.tenant.id': {
    optional: true,
    identity: true,
    alphabet: 'labelValue',
    description: 'Entra tenant, as configured',
  },
  'azure_imds.subscription.id': { identity: true, alphabet: 'labelValue', description: 'Subscription of the machine' },
  'azure_imds.vm.id': { identity: true, alphabet: 'labelValue', description: 'Id of the machine' },
  'azure_imds.vm.name': {
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'Name of the machine',
  },
  'azure_imds.vmss.name': {
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'Scale set of the machine',
  },
  'azure_imds.location': {
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'labelValue',
    description: 'Location of the machine',
  },
  'azure_imds.resource_group': {
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'Resource group of the machine',
  },
  'azure_imds.network_security_group': {
    many: true,
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'Network security groups of the machine',
  },
  'azure_imds.virtual_network': {
    many: true,
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'Virtual networks of the machine',
  },
  'azure_imds.virtual_network_subnet': {
    many: true,
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'Subnets of the machine',
  },
  'azure_imds.vm.tag.<tag>': {
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'One tag of the machine',
  },
})

export const GCP_IIT_ROWS = makeRows('gcp_iit', 'agent', {
  'gcp_iit.issuer': { alphabet: 'url', description: 'Issuer of the token, https://accounts.google.com' },
  'gcp_iit.instance_confidentiality': {
    type: 'int',
    optional: true,
    alphabet: 'digits',
    description: '1 for a Confidential VM',
  },
  'gcp_iit.license_id': { many: true, optional: true, alphabet: 'digits', description: 'Ids of licences' },
  'gcp_iit.project_id': { optional: true, identity: true, alphabet: 'text', description: 'Project id' },
  'gcp_iit.project_number': { optional: true, alphabet: 'digits', description: 'Project number' },
  'gcp_iit.instance_id': { optional: true, identity: true, alphabet: 'digits', description: 'Id of the instance' },
  'gcp_iit.instance_name': { optional: true, alphabet: 'label', description: 'Name of the instance' },
  'gcp_iit.zone': { optional: true, alphabet: 'label', description: 'Zone of the instance' },
  'gcp_iit.instance_creation_timestamp': {
    type: 'int',
    optional: true,
    alphabet: 'digits',
    description: 'When the instance was made, Unix seconds',
  },
  'gcp_iit.label.<key>': {
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'One label of the instance',
  },
  'gcp_iit.metadata.<key>': {
    optional: true,
    neverPresent: NEEDS_COMPUTE,
    alphabet: 'text',
    description: 'One metadata entry of the instance',
  },
  'gcp_iit.service_account.email': {
    optional: true,
    identity: true,
    alphabet: 'text',
    description: 'Service account, if it is a custom one',
  },
  'gcp_iit.service_account.id': { optional: true, alphabet: 'digits', description: 'Id of that service account' },
})
