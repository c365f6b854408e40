# What each stream brought, how long it took, how its requests and runs went: from the function's log lines. Questions
# to the log instead of metrics, so the number of streams changes neither the dashboard's size nor its price.

locals {
  run_lines = "SOURCE '${local.log_groups.function.name}' | filter ispresent(RunCompleted) and Environment = '${var.environment}' | fields concat(Source, '.', Stream) as stream"
  panels = [
    { title = "records", query = "stats sum(Records) as records by bin(1h), stream", view = "timeSeries", width = 12 },
    { title = "longest run, ms", query = "stats max(DurationMs) as duration by bin(1h), stream", view = "timeSeries", width = 12 },
    { title = "requests", query = "stats sum(Requests) as requests, sum(Retries) as retries, sum(ApiErrors) as errors by bin(1h)", view = "timeSeries", width = 12 },
    { title = "runs", query = "stats sum(RunCompleted) as completed, sum(RunPartial) as partial, sum(RunFailed) as failed by bin(1h)", view = "timeSeries", width = 12 },
    { title = "streams", query = "stats sum(Records) as records, sum(RunCompleted) as completed, sum(RunFailed) as failed, sum(Breaches) as breaches, max(DurationMs) as longest_ms by stream | sort failed desc, breaches desc, records desc | limit 1000", view = "table", width = 24 },
    { title = "runs that failed or breached", query = "filter RunFailed = 1 or Breaches > 0 | display @timestamp, stream, error_kind, Breaches, key | sort @timestamp desc | limit 200", view = "table", width = 24 },
  ]
  widgets = [
    for index, panel in local.panels : {
      type   = "log"
      x      = panel.width == 24 ? 0 : index % 2 * 12
      y      = panel.width == 24 ? 12 + (index - 4) * 8 : floor(index / 2) * 6
      width  = panel.width
      height = panel.width == 24 ? 8 : 6
      properties = {
        title   = panel.title
        region  = local.region
        view    = panel.view
        stacked = false
        query   = "${local.run_lines} | ${panel.query}"
      }
    }
  ]
}

resource "aws_cloudwatch_dashboard" "streams" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
