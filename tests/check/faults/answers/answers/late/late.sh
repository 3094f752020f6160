#!/bin/sh
{{#keys}}
echo {{value}}
{{/keys}}
