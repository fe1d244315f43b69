-- What these scripts are: their version, and the version of the protocol that they speak with the service.
-- @noindex

return { version = "0.1.0", protocol = 1 }
