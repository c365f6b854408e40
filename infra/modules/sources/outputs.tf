output "names" {
  description = "The sources' names, sorted."
  value       = sort(keys(local.documents))
}

output "streams" {
  description = "Source, stream and schedule (null = none) of each stream, by <source>.<stream>."
  value       = local.streams
}

output "scheduled" {
  description = "The streams that have a schedule."
  value       = local.scheduled
}

output "secrets" {
  description = "Names of the secrets that the files mention, at any depth."
  value       = local.secrets
}

output "rotating_secrets" {
  description = "Those of the secrets that a run writes back: refresh tokens."
  value       = local.rotating_secrets
}

output "tables" {
  description = "Names of the tables that streams write, at most one each."
  value       = local.tables
}

output "crons" {
  description = "The stream and the cron of each schedule, by <source>.<stream>; one that needs several crons has <source>.<stream>.<minute>."
  value       = local.crons
}

output "groups" {
  description = "Source, streams, time zone and the key of one of the crons of each group: the streams of a source with the same times."
  value       = local.groups
}

output "cron_fields" {
  description = "The fields of each cron, as text."
  value       = local.cron_fields
}

output "cron_valid" {
  description = "Whether each cron has five fields, of which day of month or day of week is *."
  value       = local.cron_valid
}
