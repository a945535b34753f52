// The attributes of jobs of continuous integration.
import { makeRows } from '../row.ts'

export const GITHUB_ROWS = makeRows('github', 'agent', {
  'github.issuer': { alphabet: 'url', description: 'Issuer of the token' },
  'github.sub': {
    alphabet: 'text',
    description: 'Subject, in the form that the repository has; changes with its name',
  },
  'github.repository': { alphabet: 'text', description: 'Repository as owner/name; may pass to somebody else' },
  'github.repository_id': { identity: true, alphabet: 'digits', description: 'Id of the repository' },
  'github.repository_owner': { alphabet: 'text', description: 'Owner of the repository; may pass to somebody else' },
  'github.repository_owner_id': { identity: true, alphabet: 'digits', description: 'Id of the owner' },
  'github.repository_visibility': { optional: true, alphabet: 'label', description: 'public, private or internal' },
  'github.ref': { optional: true, alphabet: 'text', description: 'Full ref, such as refs/heads/main' },
  'github.ref_type': { optional: true, alphabet: 'label', description: 'branch or tag' },
  'github.ref_protected': {
    optional: true,
    alphabet: 'label',
    description: 'Whether the ref is protected: true or false',
  },
  'github.sha': { optional: true, alphabet: 'hex', description: 'Commit that started the workflow' },
  'github.environment': {
    optional: true,
    identity: true,
    alphabet: 'text',
    description: 'Deployment environment of the job, if it has one',
  },
  'github.event_name': { optional: true, alphabet: 'identifier', description: 'Event that started the workflow' },
  'github.workflow': { optional: true, alphabet: 'text', description: 'Name of the workflow; its author chooses it' },
  'github.workflow_ref': { optional: true, alphabet: 'text', description: 'File and ref of the workflow' },
  'github.job_workflow_ref': {
    optional: true,
    alphabet: 'text',
    description: 'File and ref of the workflow that holds the job, which may be a reusable one',
  },
  'github.runner_environment': { optional: true, alphabet: 'label', description: 'github-hosted or self-hosted' },
  'github.actor': { optional: true, alphabet: 'text', description: 'Login of who started the run; may pass to others' },
  'github.actor_id': { optional: true, alphabet: 'digits', description: 'Id of who started the run' },
  'github.run_id': { optional: true, alphabet: 'digits', description: 'Id of the run' },
  'github.run_attempt': { optional: true, alphabet: 'digits', description: 'Attempt of the run' },
  'github.enterprise': { optional: true, alphabet: 'text', description: 'Enterprise of the owner' },
  'github.enterprise_id': { optional: true, alphabet: 'digits', description: 'Id of the enterprise' },
})
