"""The side effects a request's story asks for, each retried until it is done."""
