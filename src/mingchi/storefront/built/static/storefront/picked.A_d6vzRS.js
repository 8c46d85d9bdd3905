import{z as o}from"./index-DYywWWNq.js";const r=o("category",null);export{r as p};
