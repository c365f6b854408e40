//! The AWS door of bronzegate: Secrets Manager and S3 behind the core's ports, and the Lambda handler.
