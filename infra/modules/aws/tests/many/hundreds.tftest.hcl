# 150 sources with 400 streams, which `make terraform` writes and gives as `sources_path`. The provider is played, so the
# policy's text is not known here: an integration test measures it with the real one.

mock_provider "aws" {
  override_during = plan
  source          = "./tests/played"
}

variables {
  package = "tests/empty.zip"
  bucket  = { name = "lake" }
}

run "hundreds_of_sources_are_inside_of_what_aws_takes" {
  command = plan

  assert {
    condition     = length(local.sources) == 150 && length(local.streams) == 400
    error_message = "make terraform writes the sources"
  }
  assert {
    condition     = length(jsonencode(data.aws_iam_policy_document.function.statement)) + length(jsonencode(data.aws_iam_policy_document.store.statement)) < 10240
    error_message = "a role's inline policies have 10,240 characters"
  }
  assert {
    condition     = !strcontains(jsonencode([data.aws_iam_policy_document.function.statement, data.aws_iam_policy_document.store.statement]), "a-source-with")
    error_message = "policies name prefixes and no source"
  }
  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.streams.dashboard_body).widgets) == 6 && length(aws_cloudwatch_dashboard.streams.dashboard_body) < 10000
    error_message = "the dashboard asks the log, whatever the number of streams"
  }
  assert {
    condition     = length(aws_scheduler_schedule.stream) == 250 && alltrue([for schedule in aws_scheduler_schedule.stream : length(schedule.name) <= 64 && length(schedule.target[0].input) < 262144])
    error_message = "an event for each source and time: ${length(aws_scheduler_schedule.stream)}"
  }
  assert {
    condition     = length(output.state_machine_definition) < 1048576 && length(aws_cloudwatch_metric_alarm.health) == 800
    error_message = "the definition does not grow; two alarms a stream"
  }
}
