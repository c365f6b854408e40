# A row a stream: what it brought, how long it took, how its requests and runs went.

locals {
  panels = [
    { title = "records", metrics = ["Records"] },
    { title = "duration, ms", metrics = ["DurationMs"] },
    { title = "requests", metrics = ["Requests", "Retries", "ApiErrors"] },
    { title = "runs", metrics = ["RunCompleted", "RunPartial", "RunFailed"] },
  ]
  widgets = flatten([
    for row, id in sort(keys(local.streams)) : [
      for column, panel in local.panels : {
        type   = "metric"
        x      = column * 6
        y      = row * 5
        width  = 6
        height = 5
        properties = {
          title  = "${id}: ${panel.title}"
          region = local.region
          view   = "timeSeries"
          stat   = "Sum"
          period = 300
          metrics = [
            for metric in panel.metrics : [
              local.namespace, metric, "Source", local.streams[id].source, "Stream", local.streams[id].stream, "Environment", var.environment
            ]
          ]
        }
      }
    ]
  ])
}

resource "aws_cloudwatch_dashboard" "streams" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
